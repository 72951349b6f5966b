import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate authority of a test's own, made with openssl. */
export interface TestCa {
  /** PEM file of its certificate. */
  readonly file: string
  /** Issues a certificate; gives its two files and its serial number. */
  issue(
    name: string,
    options?: {
      /** Default: 30 minutes ago until in 300 days. */
      readonly from?: Date
      readonly until?: Date
      /** Alternative names, as openssl writes them: `DNS:localhost,IP:127.0.0.1`. */
      readonly alternatives?: string
    },
  ): { readonly cert: string; readonly key: string }
  /** Adds a certificate to the revocation list and writes the list anew. */
  revoke(cert: string): void
  /** PEM file of the revocation list as it is. */
  readonly crl: string
}

const config = (folder: string): string => `
[ca]
default_ca = own
[own]
database = ${folder}/index.txt
serial = ${folder}/serial
crlnumber = ${folder}/crlnumber
new_certs_dir = ${folder}
certificate = ${folder}/ca.crt
private_key = ${folder}/ca.key
default_md = sha256
default_days = 300
default_crl_days = 30
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
`

export function createTestCa(folder: string, name = 'Test CA'): TestCa {
  const at = (file: string): string => join(folder, file)
  const conf = at('openssl.cnf')
  mkdirSync(folder, { recursive: true })
  writeFileSync(conf, config(folder))
  writeFileSync(at('index.txt'), '')
  writeFileSync(at('serial'), '1000\n')
  writeFileSync(at('crlnumber'), '01\n')
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at('ca.key'))
  openssl(
    ...['req', '-x509', '-new', '-key', at('ca.key'), '-out', at('ca.crt'), '-days', '3650'],
    ...['-subj', `/CN=${name}`, '-config', conf, '-extensions', 'authority'],
  )
  const writeCrl = (): void => openssl('ca', '-config', conf, '-gencrl', '-out', at('ca.crl'))
  writeCrl()
  let count = 0

  return {
    file: at('ca.crt'),
    crl: at('ca.crl'),
    issue(commonName, { from, until, alternatives } = {}) {
      const stem = at(`${commonName.replaceAll(/[^\w.-]/g, '_')}-${++count}`)
      const files = { cert: `${stem}.crt`, key: `${stem}.key` }
      openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', files.key)
      openssl(
        ...['req', '-new', '-key', files.key, '-out', `${stem}.csr`, '-config', conf],
        ...['-subj', `/CN=${commonName}`],
        ...(alternatives === undefined ? [] : ['-addext', `subjectAltName=${alternatives}`]),
      )
      openssl(
        ...['ca', '-batch', '-notext', '-config', conf, '-in', `${stem}.csr`, '-out', files.cert],
        ...['-startdate', opensslTime(from ?? new Date(Date.now() - 30 * 60_000))],
        ...['-enddate', opensslTime(until ?? new Date(Date.now() + 300 * 86_400_000))],
      )
      return files
    },
    revoke(cert) {
      openssl('ca', '-config', conf, '-revoke', cert)
      writeCrl()
    },
  }
}

function opensslTime(date: Date): string {
  return `${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`
}

function openssl(...args: readonly string[]): void {
  try {
    execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: Buffer }
    if (code === 'ENOENT')
      throw new Error(
        'openssl is missing: install the Debian package openssl (apt-get install openssl).',
        { cause: error },
      )
    throw new Error(`openssl ${args.join(' ')}: ${String(stderr)}`, { cause: error })
  }
}
