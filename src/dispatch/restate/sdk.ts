/** The package `@restatedev/restate-sdk`, loaded when the first worker behind Restate begins: whoever has none needs no SDK. */
import type * as sdk from '@restatedev/restate-sdk'
import { RestateSdkMissing } from './errors.ts'

export type Sdk = typeof sdk

/** @throws {RestateSdkMissing} */
export async function loadSdk(
  load: () => Promise<unknown> = () => import('@restatedev/restate-sdk'),
): Promise<Sdk> {
  try {
    return (await load()) as Sdk // what the package's own types declare
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    throw isMissing ? new RestateSdkMissing(error) : error
  }
}
