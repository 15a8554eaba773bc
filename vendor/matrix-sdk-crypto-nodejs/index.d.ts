export declare class OlmMachine {
  constructor();
}
export declare enum StoreType {
  Sled = 0,
  Sqlite = 1,
}
