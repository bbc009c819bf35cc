import { defineConfig } from 'vitest/config'

// "throughline" means our own sources here, in the tests and in the processes they start: see "exports" in package.json.
const condition = 'throughline-source'

export default defineConfig({
  resolve: { conditions: [condition, 'node'] },
  ssr: { resolve: { conditions: [condition, 'node'] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/package/rooms/broken/**'],
    globalSetup: ['test/servers/shared.ts'],
    pool: 'forks',
    execArgv: [`--conditions=${condition}`],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
  },
})
