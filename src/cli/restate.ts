/** What `throughline doctor` says of Restate, and of the workers it knows. */
import { examineRestate, restateAt, type Deployment, type RestateReport } from '../app/index.ts'
import type { Finding } from './machine.ts'

/** The oldest server these workers were tried with. */
const TRIED_FROM = [1, 7] as const
const MANNERS = {
  signed: 'takes only calls that Restate signed',
  unsigned: 'takes calls from anybody',
  silent: 'does not answer from here',
} as const

/** @throws {BadDispatch} */
export async function examineDispatch(
  address: string,
  deployment: Deployment | undefined,
): Promise<readonly Finding[]> {
  // No worker that Restate calls has a lease: to the store, nobody carries anything.
  return findingsOf(await examineRestate(restateAt(address), deployment?.uncarried ?? []))
}

function findingsOf({ version, outages, addresses, unknown }: RestateReport): readonly Finding[] {
  const findings: Finding[] = outages.map((what) => ({
    level: 'wrong',
    what,
    advice: 'Runs wait until it does, and nothing is lost. Is it started, and is the address right?',
  }))
  if (version !== undefined) findings.push(about(version))
  for (const { address, services, manner } of addresses)
    findings.push({
      level: manner === 'signed' ? 'fine' : 'note',
      what: `${address} ${MANNERS[manner]}: ${services.join(', ')}`,
      ...(manner === 'unsigned'
        ? { advice: "Give its workers --identity-key, or let nobody but Restate's servers reach them." }
        : {}),
      ...(manner === 'silent'
        ? { advice: 'If its workers are gone for good: restate deployments remove, once its runs are done.' }
        : {}),
    })
  if (version !== undefined && addresses.length === 0)
    findings.push({
      level: 'wrong',
      what: 'Restate knows no worker',
      advice: 'throughline worker <file that exports the tasks> --dispatch restate://…',
    })
  for (const { task, version: its, runs } of unknown)
    findings.push({
      level: 'wrong',
      what: `Restate knows no worker for ${task}@${its}: ${runs} ${runs === 1 ? 'run has' : 'runs have'} not ended`,
      advice: `Start a worker that exports it, or a later version that says resumes: ['${its}'].`,
    })
  return findings
}

function about(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < TRIED_FROM[0] || (major === TRIED_FROM[0] && minor < TRIED_FROM[1])
  return {
    level: isOld ? 'note' : 'fine',
    what: `Restate ${version}`,
    ...(isOld ? { advice: `Workers were tried with ${TRIED_FROM.join('.')} and newer.` } : {}),
  }
}
