import { parse } from '@bufbuild/cel' // breach
import { kind } from '../log/index.ts'
import { task } from '../task/index.ts'
import { perform } from '../run/index.ts'
import { model } from '../model/index.ts'
import { history } from '../run/history.ts' // breach
import { rule } from '../model/rule.ts' // breach
