/** Kinds of event: their current version, and how older shapes become it. Upcast on read; what is stored stays (I11). */
import { decode, encode, type ErrorClass } from './codec.ts'
import { KindTooNew } from './errors.ts'
import type { NewEvent, StoredEvent } from './event.ts'

/** A kind of event whose body, in its current version, is a `Body`. */
export interface Kind<Body> {
  readonly name: string
  readonly version: number
  /** `upcast[n]` turns a body of version n into one of version n + 1. */
  readonly upcast: Readonly<Record<number, (body: unknown) => unknown>>
  /** Carries the type only. */
  readonly body?: Body
}

/** Declares a kind of event. */
export function kind<Body>(name: string, version = 1, upcast: Kind<Body>['upcast'] = {}): Kind<Body> {
  return { name, version, upcast }
}

export interface OperationRef {
  readonly name: string
  readonly ordinal: number
  readonly after?: string | undefined
}

/** An event of this kind, ready to be committed. */
export function eventOf<Body>(
  of: Kind<Body>,
  body: Body,
  operation?: OperationRef,
  actor?: string,
): NewEvent {
  return {
    kind: of.name,
    version: of.version,
    name: operation?.name,
    ordinal: operation?.ordinal,
    after: operation?.after,
    actor,
    body: body === undefined ? undefined : encode(body),
  }
}

/** The body of a stored event in its kind's current shape. @throws {KindTooNew} */
export function bodyOf<Body>(
  of: Kind<Body>,
  event: Pick<StoredEvent, 'kind' | 'version' | 'body'>,
  errors?: ReadonlyMap<string, ErrorClass>,
): Body {
  if (event.version > of.version) throw new KindTooNew(event.kind, event.version, of.version)
  let body = decode(event.body, errors)
  for (let version = event.version; version < of.version; version++) body = of.upcast[version]?.(body) ?? body
  return body as Body // the kind's declaration and its upcasters are what makes this true
}
