// A BullMQ flow for each delegation: three children that ask the model, a parent that delivers what they said.
// Two worker processes, each with 500 of each kind at once, as its documentation advises for jobs that wait for others;
// flows are added in bulk, and a job is tried again up to three times. The command line is that of shared/contract.py.
import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { FlowProducer, Worker } from 'bullmq'
import OpenAI from 'openai'

const AGENTS = ['alpha', 'beta', 'gamma']
const CONCURRENCY = 500
const WORKERS = 2
const PER_BULK = 100

const { positionals, values: given } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '1000' },
    warm: { type: 'string', default: '40' },
    'model-url': { type: 'string' },
    'sink-url': { type: 'string' },
    'redis-url': { type: 'string' },
    'database-url': { type: 'string' },
    'memory-mb': { type: 'string' },
  },
})
const redis = new URL(given['redis-url'])
const connection = { host: redis.hostname, port: Number(redis.port), maxRetriesPerRequest: null }

async function work() {
  const model = new OpenAI({ apiKey: 'sk-invented-key-for-tests', baseURL: given['model-url'], maxRetries: 0 })
  const ask = async (job) => {
    const completion = await model.chat.completions.create({
      model: 'gpt-5-mini',
      messages: [
        { role: 'system', content: 'Answer in one word.' },
        { role: 'user', content: `${job.data.agent}: say so` },
      ],
    })
    return { agent: job.data.agent, said: completion.choices[0].message.content }
  }
  const deliver = async (job) => {
    const said = Object.values(await job.getChildrenValues())
    const answer = said.map((one) => `${one.agent}: ${one.said}`).join('\n')
    const response = await fetch(`${given['sink-url']}/sink`, {
      method: 'POST',
      body: JSON.stringify({ delegation: job.data.delegation, answer }),
    })
    if (!response.ok) throw new Error(`the sink said ${response.status}`)
    await response.arrayBuffer()
  }
  const options = { connection, concurrency: CONCURRENCY }
  const workers = [new Worker('steps', ask, options), new Worker('answers', deliver, options)]
  await Promise.all(workers.map((worker) => worker.waitUntilReady()))
  for (const worker of workers) worker.on('error', (error) => console.error(error))
  process.send('ready')
}

function flow(delegation) {
  const opts = { attempts: 4, backoff: { type: 'exponential', delay: 1000 } }
  return {
    name: 'deliver',
    queueName: 'answers',
    data: { delegation },
    opts,
    children: AGENTS.map((agent) => ({ name: 'ask', queueName: 'steps', data: { agent }, opts })),
  }
}

async function submit(producer, delegations) {
  for (let from = 0; from < delegations.length; from += PER_BULK) {
    await producer.addBulk(delegations.slice(from, from + PER_BULK).map(flow))
  }
}

async function measure(producer, children) {
  const pids = [`asker:${process.pid}`, ...children.map((child, index) => `worker ${index + 1}:${child.pid}`)]
  const watch = encodeURIComponent(pids.join(','))
  for (const [name, count] of [['warm', Number(given.warm)], ['burst', Number(given.count)]]) {
    if (count === 0) continue
    await fetch(`${given['sink-url']}/start?name=${name}&count=${count}&watch=${watch}`, { method: 'POST' })
    await submit(producer, Array.from({ length: count }, (_, number) => `${name}-${number}`))
    await fetch(`${given['sink-url']}/wait`)
  }
}

async function run() {
  const children = Array.from({ length: WORKERS }, () =>
    fork(process.argv[1], ['work', ...process.argv.slice(3)]),
  )
  try {
    await Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))))
    const producer = new FlowProducer({ connection })
    await measure(producer, children)
    await producer.close()
    const require = createRequire(import.meta.url)
    const wanted = require('./package.json').dependencies
    const versions = { node: process.version, ...wanted }
    console.log(JSON.stringify({ workers: WORKERS, versions }))
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

await (positionals[0] === 'work' ? work() : run())
