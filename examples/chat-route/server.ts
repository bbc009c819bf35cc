/** A small server with one route: `node --conditions=throughline-source examples/chat-route/server.ts` */
import { connect } from 'throughline/ai-sdk'
import { listen } from './listen.ts'
import { GET, POST } from './route.ts'

const { url } = await listen(Number(process.env['PORT'] ?? 3000), async (request) => {
  const { pathname } = new URL(request.url)
  if (request.method === 'POST' && pathname === '/api/chat') return POST(request)
  if (request.method === 'GET' && /^\/api\/chat\/[^/]+\/stream$/.test(pathname)) return GET(request)
  return new Response('There is /api/chat here.\n', { status: 404 })
})
// What was interrupted goes on now, whether or not anybody asks for it.
await connect()
console.log(url)
