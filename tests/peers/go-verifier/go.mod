module chancery.example/verifier

go 1.21

require golang.org/x/mod v0.14.0
