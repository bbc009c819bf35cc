/** A browser's chat, with the SDK's own transport: what useChat is made of, without the page around it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AbstractChat, DefaultChatTransport, type ChatState, type ChatStatus, type UIMessage } from 'ai'

class State implements ChatState<UIMessage> {
  status: ChatStatus = 'ready'
  error: Error | undefined
  messages: UIMessage[] = []
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  pushMessage = (message: UIMessage) => this.#set([...this.messages, message])
  popMessage = () => this.#set(this.messages.slice(0, -1))
  replaceMessage = (at: number, message: UIMessage) => this.#set(this.messages.with(at, message))
  snapshot = <T>(thing: T): T => structuredClone(thing)

  #set(messages: UIMessage[]): void {
    this.messages = messages
    this.#changed()
  }
}

export class Browser extends AbstractChat<UIMessage> {
  constructor(id: string, url: string, changed: (messages: readonly UIMessage[]) => void = () => {}) {
    const state = new State(() => changed(state.messages))
    super({ id, state, transport: new DefaultChatTransport({ api: `${url}/api/chat` }) })
  }

  /** What the assistant has said so far. */
  get answer(): string {
    return textOf(this.lastMessage)
  }

  /** Says something, and stays until it is answered, however often the server goes away meanwhile. */
  async say(text: string): Promise<void> {
    await this.sendMessage({ text })
    while (this.status !== 'ready' || this.lastMessage?.role !== 'assistant') {
      await sleep(50)
      await this.resumeStream()
      // The server went before it had taken the request: it is sent again, and does nothing twice.
      if (this.status === 'ready' && this.lastMessage?.role === 'user') await this.sendMessage()
    }
  }
}

export function textOf(message: UIMessage | undefined): string {
  if (message?.role !== 'assistant') return ''
  return message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}
