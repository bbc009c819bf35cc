import { kind } from '../log/index.ts'
import { task } from '../task/index.ts'
import { perform } from '../run/index.ts'
import { continuity } from '../continuity/index.ts'
import { open } from '../app/index.ts' // breach
import { rule } from '../continuity/rule.ts' // breach
