import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runLarder, startLarder, temporaryFolder } from '../support/larder-process.ts'

const folder = temporaryFolder('up')
const empty = ['--sim', 'none', '--http', '0', '--mqtt', '0']
afterAll(() => folder.remove())

describe('what goes wrong at a start is one clear sentence and exit code 1, or 2 for settings', () => {
  test('the HTTP or the MQTT port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    for (const flag of ['--http', '--mqtt']) {
      const other = flag === '--http' ? '--mqtt' : '--http'
      const data = join(folder.path, `port${flag}`)
      const run = await runLarder([
        'up',
        '--data',
        data,
        '--sim',
        'none',
        flag,
        String(port),
        other,
        '0',
      ])
      expect(run.code).toBe(1)
      expect(run.stderr).toContain(String(port))
      expect(run.stderr).toContain(flag)
      expect(run.stderr).not.toContain('    at ')
    }
    server.close()
  })

  test('the settings file cannot be read, or says what is not allowed', async () => {
    const file = join(folder.path, 'broken.yaml')
    writeFileSync(file, 'http: {port: [8080\n')
    const broken = await runLarder([
      'up',
      '--data',
      join(folder.path, 'broken'),
      '--config',
      file,
      ...empty,
    ])
    expect(broken.code).toBe(2)
    expect(broken.stderr).toContain(file)
    writeFileSync(file, 'planner: {loadLimit: 7}\nhtttp: {}\n')
    const wrong = await runLarder([
      'up',
      '--data',
      join(folder.path, 'broken'),
      '--config',
      file,
      ...empty,
    ])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toMatch(/planner\.loadLimit.*7.*from 0\.1 to 1/)
    expect(wrong.stderr).toContain('htttp is not a setting')
  })

  test('the data folder is a file', async () => {
    const file = join(folder.path, 'a-file')
    writeFileSync(file, '')
    const run = await runLarder(['up', '--data', file, ...empty])
    expect(run.code).toBe(1)
    expect(run.stderr).toContain(file)
  })

  test('the disk is full', async (context) => {
    const mount = join(folder.path, 'full')
    mkdirSync(mount)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mount], { stdio: 'ignore' })
    } catch {
      console.warn('SKIPPED: a full disk needs the right to mount a tmpfs')
      context.skip()
    }
    try {
      const run = await runLarder(['up', '--data', join(mount, 'data'), ...empty])
      expect(run.code).toBe(1)
      expect(run.stderr).toMatch(/disk is full/i)
    } finally {
      execFileSync('umount', ['-l', mount])
    }
  })
})

test('a wrong flag or subcommand is exit code 2 and says where help is', async () => {
  for (const args of [['up', '--speeed', '60'], ['upp'], ['readings']]) {
    const run = await runLarder(args)
    expect(run.code, args.join(' ')).toBe(2)
    expect(run.stderr).toContain('--help')
  }
})

describe('a running Larder', () => {
  const data = join(folder.path, 'data')
  let larder: Awaited<ReturnType<typeof startLarder>>
  beforeAll(async () => {
    larder = await startLarder(data)
  })
  afterAll(async () => {
    await larder.kill()
  })

  test('keeps a second one off its data folder', async () => {
    const second = await runLarder(['up', '--data', data, ...empty])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(data)
  })

  test('stops within 5 seconds, and a second start goes on from the same data', async () => {
    const added = await runLarder([
      'devices',
      'add',
      'corner/probe-1',
      '--kind',
      'probe',
      '--json',
      '--data',
      data,
    ])
    expect(added.code, added.stderr).toBe(0)
    const device = JSON.parse(added.stdout) as {
      clientId: string
      username: string
      password: string
    }
    const client = await connectAsync({ host: '127.0.0.1', port: larder.mqttPort, ...device })
    await client.publishAsync(
      'v1/corner/probe-1/telemetry',
      '{"seq":1,"boot":"b","values":{"celsius":4.5}}',
      { qos: 1 },
    )
    await client.endAsync()

    const stopping = performance.now()
    expect(await larder.stop()).toBe(0)
    expect(performance.now() - stopping).toBeLessThan(5_000)

    const offline = await runLarder([
      'readings',
      'corner/probe-1/celsius',
      '--json',
      '--data',
      data,
    ])
    expect(offline.code, offline.stderr).toBe(0)
    expect(JSON.parse(offline.stdout)).toMatchObject({
      channel: 'celsius',
      value: 4.5,
      seq: 1,
      boot: 'b',
      quality: 'good',
    })

    larder = await startLarder(data)
    const online = await runLarder(['readings', 'corner/probe-1', '--json', '--data', data])
    expect(online.stdout).toBe(offline.stdout)
  })

  test('starts afresh with --reset', async () => {
    await larder.stop()
    larder = await startLarder(data, { args: ['--sim', 'none', '--reset'] })
    const { body } = await larder.request('GET', '/v1/devices')
    expect(body).toEqual({ items: [], next: null })
  })
})
