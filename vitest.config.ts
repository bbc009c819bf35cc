import { defineConfig } from 'vitest/config'

// "throughline" means our own sources here, in the tests and in the processes they start: see "exports" in package.json.
const condition = 'throughline-source'

/** They start servers, kill processes and measure how long others take to notice: one file at a time. */
const BY_THEMSELVES = [
  'src/dispatch/**/*.test.ts',
  'src/store/postgres/*.test.ts',
  'src/cli/worker.test.ts',
  'test/{chat,crash,failover,faults,postgres,restate,violations}/**/*.test.ts',
]
const EVERYTHING = ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts']
const NEVER = ['**/node_modules/**', 'test/package/rooms/broken/**']

export default defineConfig({
  resolve: { conditions: [condition, 'node'] },
  ssr: { resolve: { conditions: [condition, 'node'] } },
  test: {
    pool: 'forks',
    execArgv: [`--conditions=${condition}`],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'beside others',
          include: EVERYTHING,
          exclude: [...NEVER, ...BY_THEMSELVES],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'by themselves',
          include: BY_THEMSELVES,
          exclude: NEVER,
          globalSetup: ['test/servers/shared.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
