/** The package `pg`, loaded when the first store on Postgres is opened: whoever uses none needs no driver. */
import type { Client, ClientConfig, Pool, PoolConfig } from 'pg'
import { codeOf, DriverMissing } from './errors.ts'

export interface Driver {
  readonly Client: new (config: ClientConfig) => Client
  readonly Pool: new (config: PoolConfig) => Pool
}

/** @throws {DriverMissing} */
export async function loadDriver(load: () => Promise<unknown> = () => import('pg')): Promise<Driver> {
  try {
    const loaded = (await load()) as { readonly default: Driver } // what the package's own types declare
    return loaded.default
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new DriverMissing(error)
  }
}
