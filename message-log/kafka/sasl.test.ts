import { expect, test } from 'vitest'
import { createSaslExchange } from './sasl.ts'

// The exchange of RFC 7677, section 3.
const login = { mechanism: 'SCRAM-SHA-256', username: 'user', password: 'pencil' } as const
const nonce = 'rOprNGfwEbeRWgbNEkqO'
const serverFirst =
  'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'

test('SCRAM-SHA-256 says what RFC 7677 says', () => {
  const exchange = createSaslExchange(login, nonce)
  expect(exchange.first.toString()).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
  expect(exchange.next(Buffer.from(serverFirst))?.toString()).toBe(
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  )
  expect(exchange.next(Buffer.from('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='))).toBeNull()
})

test('a server that does not know the password is not believed', () => {
  const exchange = createSaslExchange(login, nonce)
  exchange.next(Buffer.from(serverFirst))
  expect(() => exchange.next(Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`))).toThrow(
    /prove/,
  )
  expect(() => exchange.next(Buffer.from('e=other-error'))).toThrow(/prove/)
})

test.each([
  ['of another exchange', serverFirst.replace('r=rO', 'r=xO')],
  ['without a part of its own', `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
  ['with too few rounds', serverFirst.replace('4096', '1')],
  ['with rounds without end', serverFirst.replace('4096', '99999999')],
])('an answer %s is refused', (_, answer) => {
  expect(() => createSaslExchange(login, nonce).next(Buffer.from(answer))).toThrow()
})

test('a name with a comma or an equals sign cannot add a field', () => {
  const { first } = createSaslExchange({ ...login, username: 'a,b=c' }, nonce)
  expect(first.toString()).toBe('n,,n=a=2Cb=3Dc,r=rOprNGfwEbeRWgbNEkqO')
})

test('PLAIN says both at once', () => {
  const exchange = createSaslExchange({ ...login, mechanism: 'PLAIN' })
  expect(exchange.first.toString()).toBe('\0user\0pencil')
  expect(exchange.next(Buffer.alloc(0))).toBeNull()
})
