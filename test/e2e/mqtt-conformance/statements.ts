/**
 * The normative statements of MQTT 3.1.1 (OASIS Standard, 29 October 2014) by number, each in a few words of our own. One
 * that no test here can fail says why after the bar.
 */
const list = `
1.5.3-1 text that is not UTF-8 closes the connection
1.5.3-2 U+0000 closes the connection
1.5.3-3 a byte order mark is a character like others
2.2.2-1 reserved flags have their given values
2.2.2-2 other flags close the connection
2.3.1-1 SUBSCRIBE, UNSUBSCRIBE and PUBLISH above QoS 0 have a packet id that is not 0
2.3.1-2 a client takes an id that is not in use | a client's duty
2.3.1-3 a client sends again under the same id | a client's duty; the server's is 2.3.1-4
2.3.1-4 the server keeps to the same rules for ids
2.3.1-5 QoS 0 has no packet id
2.3.1-6 PUBACK, PUBREC and PUBREL carry the id of their PUBLISH
2.3.1-7 SUBACK and UNSUBACK carry the id of their request
3.1.0-1 CONNECT comes first
3.1.0-2 a second CONNECT is a violation
3.1.2-1 another protocol name is not served as MQTT
3.1.2-2 an unknown level is answered with 1 and closed
3.1.2-3 the reserved connect flag closes
3.1.2-4 a kept session is resumed, or begun
3.1.2-5 messages above QoS 0 wait for a kept session
3.1.2-6 a clean session starts from nothing and leaves nothing
3.1.2-7 what is retained belongs to no session
3.1.2-8 the Will goes out when a connection ends without DISCONNECT
3.1.2-9 a Will has topic and message, and its QoS and retain are used
3.1.2-10 a Will is gone once it went out or after DISCONNECT
3.1.2-11 without the Will flag there is nothing of a Will
3.1.2-12 without a Will nothing is published
3.1.2-13 without a Will its QoS is 0
3.1.2-14 a Will's QoS is never 3
3.1.2-15 without a Will its retain is 0
3.1.2-16 a Will that does not say retain is not retained
3.1.2-17 a Will that says retain is retained
3.1.2-18 no user name without its flag
3.1.2-19 a user name with its flag
3.1.2-20 no password without its flag
3.1.2-21 a password with its flag
3.1.2-22 no password without a user name
3.1.2-23 a client sends within the keep-alive | a client's duty
3.1.2-24 silence of one and a half keep-alives closes
3.1.3-1 the fields of CONNECT have their order
3.1.3-2 the client id names the session
3.1.3-3 the client id is the first field
3.1.3-4 the client id is UTF-8
3.1.3-5 ids of 1 to 23 letters and digits are allowed
3.1.3-6 an empty id is given one of its own
3.1.3-7 an empty id comes with a clean session | a client's duty; 3.1.3-8 is what happens otherwise
3.1.3-8 an empty id for a kept session is answered with 2 and closed
3.1.3-9 a refused id is answered with 2 and closed
3.1.3-10 the Will topic is UTF-8
3.1.3-11 the user name is UTF-8
3.1.4-1 a malformed CONNECT is closed without CONNACK
3.1.4-2 a client that comes again ends its other connection
3.1.4-3 the session is cleaned or resumed
3.1.4-4 an accepted CONNECT is answered with 0
3.1.4-5 nothing behind a refused CONNECT is processed
3.2.0-1 CONNACK is the first packet of the server
3.2.2-1 no session is present after a clean start
3.2.2-2 a stored session is present
3.2.2-3 without a stored session none is present
3.2.2-4 no session is present in a refusal
3.2.2-5 a refusal closes
3.2.2-6 where no code fits there is no CONNACK
3.3.1-1 what is sent again has DUP
3.3.1-2 QoS 0 has no DUP
3.3.1-3 DUP is not passed on
3.3.1-4 QoS 3 closes
3.3.1-5 a message with RETAIN is kept for later subscribers
3.3.1-6 a new subscription is sent what is retained
3.3.1-7 RETAIN at QoS 0 takes the place of what was kept
3.3.1-8 what is sent for a new subscription has RETAIN
3.3.1-9 what is sent for an old one has not
3.3.1-10 an empty message with RETAIN is delivered and ends what was kept
3.3.1-11 an empty message is not kept
3.3.1-12 a message without RETAIN changes nothing that is kept
3.3.2-1 the topic is the first field, in UTF-8
3.3.2-2 a topic has no wildcards
3.3.2-3 a delivery's topic is met by the subscriber's filter
3.3.4-1 PUBLISH is answered as its QoS wants
3.3.5-1 filters that overlap give the highest QoS of them
3.3.5-2 a publication that is not allowed is acknowledged or closes
3.6.1-1 other flags on PUBREL close
3.8.1-1 other flags on SUBSCRIBE close
3.8.3-1 filters are UTF-8
3.8.3-2 wildcards are supported, or refused
3.8.3-3 SUBSCRIBE names a filter
3.8.3-4 reserved bits and QoS 3 close
3.8.4-1 SUBSCRIBE is answered
3.8.4-2 SUBACK has its id
3.8.4-3 the same filter takes the place of itself, and nothing is missed
3.8.4-4 several filters are as several SUBSCRIBEs
3.8.4-5 each filter has its code
3.8.4-6 a delivery has the lower QoS of message and grant
3.9.3-1 codes are in the order of the filters
3.9.3-2 other codes are not used
3.10.1-1 other flags on UNSUBSCRIBE close
3.10.3-1 filters are UTF-8
3.10.3-2 UNSUBSCRIBE names a filter
3.10.4-1 filters are compared byte for byte
3.10.4-2 nothing new is sent after it
3.10.4-3 what was begun is finished
3.10.4-4 UNSUBACK has its id
3.10.4-5 UNSUBACK comes where nothing was deleted
3.10.4-6 several filters are as several UNSUBSCRIBEs
3.12.4-1 PINGREQ is answered
3.14.1-1 other flags on DISCONNECT close
3.14.4-1 a client closes after DISCONNECT | a client's duty; the gateway closes too
3.14.4-2 a client sends nothing after DISCONNECT
3.14.4-3 DISCONNECT takes the Will away
4.1.0-1 state lasts as long as its session
4.1.0-2 a session lasts at least as long as its connection
4.3.1-1 QoS 0 is sent without DUP
4.3.2-1 QoS 1 is sent with an id of its own, until PUBACK
4.3.2-2 QoS 1 is answered with PUBACK, and its id is free then
4.3.3-1 QoS 2 is sent until PUBREC, then PUBREL until PUBCOMP
4.3.3-2 QoS 2 is answered with PUBREC and PUBCOMP, and delivered once
4.4.0-1 what is unanswered is sent again under its id after a reconnect
4.5.0-1 a message is added to every session that it matches
4.5.0-2 a client acknowledges whatever it is sent | a client's duty
4.6.0-1 what is sent again keeps its order
4.6.0-2 PUBACK comes in the order of PUBLISH
4.6.0-3 PUBREC comes in the order of PUBLISH
4.6.0-4 PUBREL comes in the order of PUBREC
4.6.0-5 topics are ordered
4.6.0-6 a topic's messages arrive in the order of their client
4.7.1-1 wildcards are for filters only
4.7.1-2 # is a last level of its own
4.7.1-3 + is a level of its own
4.7.2-1 a wildcard at the start meets nothing below $
4.7.3-1 topics and filters are not empty
4.7.3-2 topics and filters have no U+0000
4.7.3-3 topics and filters are at most 65,535 bytes | their length field has two bytes: it cannot be violated (and ours is 256)
4.7.3-4 topics and filters are compared as they are
4.8.0-1 a violation closes
4.8.0-2 a passing fault closes
6.0.0-1 packets are binary frames of a WebSocket | there is no WebSocket listener
6.0.0-2 packets and WebSocket frames need not line up | there is no WebSocket listener
6.0.0-3 a client offers the subprotocol mqtt | there is no WebSocket listener
6.0.0-4 the server selects the subprotocol mqtt | there is no WebSocket listener
7.0.0-1 a server that connects to others is a client too | of the uplink: docs/uplink.md and its own tests
7.0.0-2 no extension is needed
7.1.1-1 a server speaks over an ordered, lossless stream
7.1.2-1 a client speaks over an ordered, lossless stream | a client's duty
`

export interface Statement {
  readonly number: string
  readonly words: string
  /** Why no test can fail it; null where one can. */
  readonly untested: string | null
}

export const statements: readonly Statement[] = list
  .trim()
  .split('\n')
  .map((line) => {
    const [statement = '', untested = null] = line.split(' | ')
    const [number = '', ...words] = statement.split(' ')
    return { number, words: words.join(' '), untested }
  })
