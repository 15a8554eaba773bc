/** The body of a request over the control socket. */
import type { z } from 'zod';
import { ChanceryError } from '../base/errors.ts';
import type { HttpRequest } from '../base/http-listener.ts';
import { parseJson } from '../base/json.ts';

/** What is wrong is not repeated: it may be a secret. */
export function bodyOf<Shape extends z.ZodType>({ body }: Pick<HttpRequest, 'body'>, shape: Shape): z.output<Shape> {
  const parsed = shape.safeParse(parseJson(body));
  if (!parsed.success) throw new ChanceryError('CH-HTTP-BAD-BODY');
  return parsed.data;
}
