import { kind } from '../log/index.ts'
import { task } from '../task/index.ts'
import { perform } from '../run/index.ts'
import { release } from '../release/index.ts'
import { open } from '../app/index.ts' // breach
import { rule } from '../release/rule.ts' // breach
