import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

const run = promisify(execFile)
const version = '4.1.1'
const clusterId = 'bGFyZGVyLXRlc3RzLWthZg'
const readyWithinMs = 110_000
const installWithinMs = 600_000

export interface KafkaServers {
  /** `127.0.0.1:9092,…` */
  readonly brokers: string
  /** The same brokers behind TLS: for whoever logs in, and for whoever has a certificate. Only where `tls` was given. */
  readonly guarded: { readonly byLogin: string; readonly byCertificate: string } | null
  readonly ids: readonly number[]
  /** kill -9. */
  kill(id?: number): Promise<void>
  /** SIGSTOP: it hangs, and its connections stay. */
  pause(id?: number): void
  resume(id?: number): void
  /** Starts a broker that was killed, and waits until it is ready. */
  up(id?: number): Promise<void>
  stop(): Promise<void>
}

/** PEM files of a broker, and who may log in to it by PLAIN and by both kinds of SCRAM. */
export interface KafkaTls {
  readonly ca: string
  readonly cert: string
  /** As PKCS #8, which is all that Kafka reads. */
  readonly key: string
  readonly username: string
  readonly password: string
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'larder')
}

/** The broker's jars from Maven Central (JDK 17 and mvn must be there), once per machine; two that install at once do no harm. */
export async function installKafka(): Promise<string> {
  const folder = join(cacheFolder(), `kafka-${version}`)
  if (existsSync(folder)) return folder
  const work = `${folder}.${process.pid}`
  mkdirSync(work, { recursive: true })
  writeFileSync(join(work, 'pom.xml'), pom)
  writeFileSync(join(work, 'log4j2.properties'), logging)
  const libs = join(work, 'libs')
  await run(
    'mvn',
    [
      ...['-q', '-B', '-f', join(work, 'pom.xml'), 'dependency:copy-dependencies'],
      ...['-DincludeScope=runtime', `-DoutputDirectory=${libs}`],
    ],
    { timeout: installWithinMs },
  )
  try {
    renameSync(work, folder)
  } catch (error) {
    rmSync(work, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** One broker or three, KRaft, on free ports of loopback, with their data in a folder. Quick to start rather than quick at work. */
export async function startKafka(
  folder: string,
  { count = 1, tls }: { readonly count?: 1 | 3; readonly tls?: KafkaTls } = {},
): Promise<KafkaServers> {
  const home = await installKafka()
  const ids = Array.from({ length: count }, (_, index) => index + 1)
  const ports = new Map<number, BrokerPorts>()
  for (const id of ids)
    ports.set(id, {
      ...{ client: await freePort(), controller: await freePort() },
      ...{ login: await freePort(), certificate: await freePort() },
    })
  const voters = ids.map((id) => `${id}@127.0.0.1:${ports.get(id)!.controller}`).join(',')
  const java = (...args: string[]): string[] => [
    ...['-cp', join(home, 'libs', '*'), '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'],
    `-Dlog4j2.configurationFile=${join(home, 'log4j2.properties')}`,
    ...args,
  ]
  const folderOf = (id: number): string => join(folder, `kafka-${id}`)
  const logOf = (id: number): string => join(folderOf(id), 'server.log')
  const running = new Map<number, ChildProcess>()

  const format = async (id: number): Promise<void> => {
    mkdirSync(folderOf(id), { recursive: true })
    const properties = join(folderOf(id), 'server.properties')
    writeFileSync(
      properties,
      serverProperties({ id, count, voters, ports: ports.get(id)!, folder: folderOf(id), tls }),
    )
    const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) =>
      tls ? ['-S', `${mechanism}=[name=${tls.username},password=${tls.password}]`] : [],
    )
    await run(
      'java',
      java(
        ...['-Xmx128m', 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties],
        ...users,
      ),
      { timeout: readyWithinMs },
    )
  }

  const up = async (id = 1): Promise<void> => {
    const out = openSync(logOf(id), 'w')
    const child = spawn(
      'java',
      java('-Xms256m', '-Xmx256m', 'kafka.Kafka', join(folderOf(id), 'server.properties')),
      { stdio: ['ignore', out, out] },
    )
    running.set(id, child)
    const deadline = Date.now() + readyWithinMs
    while (!readFileSync(logOf(id), 'utf8').includes('Kafka Server started')) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(
          `Kafka broker ${id} is not ready:\n${readFileSync(logOf(id), 'utf8').split('\n').slice(-15).join('\n')}`,
        )
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  const end = async (id: number, signal: NodeJS.Signals): Promise<void> => {
    const child = running.get(id)
    if (child?.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill(signal)
    await ended
  }

  const stop = async (): Promise<void> => {
    // Each would wait for the others to take over what it leads: nothing of it is needed again.
    await Promise.all(ids.map((id) => end(id, 'SIGKILL')))
  }

  try {
    await Promise.all(ids.map(format))
    await Promise.all(ids.map(up))
  } catch (error) {
    await stop()
    throw error
  }
  const addresses = (listener: keyof BrokerPorts): string =>
    ids.map((id) => `127.0.0.1:${ports.get(id)![listener]}`).join(',')
  return {
    brokers: addresses('client'),
    guarded: tls ? { byLogin: addresses('login'), byCertificate: addresses('certificate') } : null,
    ids,
    kill: (id = 1) => end(id, 'SIGKILL'),
    pause: (id = 1) => void running.get(id)?.kill('SIGSTOP'),
    resume: (id = 1) => void running.get(id)?.kill('SIGCONT'),
    up,
    stop,
  }
}

/** Without a binding for SLF4J 1.7 the broker logs nothing, not even errors. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-run</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version></dependency>
  </dependencies>
</project>
`

const logging = `status = warn
appender.c.type = Console
appender.c.name = C
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = %d{ISO8601} %p %c{1} %m%n
rootLogger.level = info
rootLogger.appenderRef.c.ref = C
`

interface BrokerPorts {
  readonly client: number
  readonly controller: number
  readonly login: number
  readonly certificate: number
}

function serverProperties(of: {
  readonly id: number
  readonly count: number
  readonly voters: string
  readonly ports: BrokerPorts
  readonly folder: string
  readonly tls: KafkaTls | undefined
}): string {
  const { ports, tls } = of
  const replicas = of.count
  const insync = of.count >= 3 ? 2 : 1
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': of.id,
    'controller.quorum.voters': of.voters,
    listeners: `PLAINTEXT://127.0.0.1:${ports.client},CONTROLLER://127.0.0.1:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(of.folder, 'log'),
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': insync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': insync,
    'transaction.state.log.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    'broker.session.timeout.ms': 4000,
    'broker.heartbeat.interval.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.segment.bytes': 67_108_864,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    ...(tls && guardedListeners(ports, tls)),
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function guardedListeners(ports: BrokerPorts, tls: KafkaTls): Readonly<Record<string, string>> {
  const listeners = {
    PLAINTEXT: ports.client,
    LOGIN: ports.login,
    CERTIFICATE: ports.certificate,
    CONTROLLER: ports.controller,
  }
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  return {
    listeners: Object.entries(listeners)
      .map(([name, port]) => `${name}://127.0.0.1:${port}`)
      .join(','),
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,CERTIFICATE:SSL',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.login.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${tls.username}="${tls.password}";`,
    'listener.name.login.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.login.scram-sha-512.sasl.jaas.config': scram,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': inOneLine(tls.key),
    'ssl.keystore.certificate.chain': inOneLine(tls.cert),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': inOneLine(tls.ca),
    'listener.name.certificate.ssl.client.auth': 'required',
  }
}

/** As a file of properties takes what has many lines. */
const inOneLine = (file: string): string =>
  readFileSync(file, 'utf8').trim().replaceAll('\n', '\\n\\\n')
