import { DatabaseSync } from 'node:sqlite'
import { kind } from '../../log/index.ts'
import type { Carrier } from '../../run/port.ts'
import { contract } from '../contract.ts'
import { digestOf } from '../../log/chain.ts' // breach
import { advance } from '../../run/index.ts' // breach
import { Pool } from 'pg' // breach
import { connect } from '../postgres/index.ts' // breach
