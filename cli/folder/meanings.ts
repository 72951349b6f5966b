/** What the loss of a file means and what to do next, in sentences; by its name in the data folder. */
const meanings: Readonly<Record<string, string>> = {
  'series.db':
    'Readings are written anew from the message log, as far back as that goes (messageLog.keepDays). For older ones restore a backup.',
  'operations.db':
    'Sites, products, bookings, decisions AND THE LOGINS OF ALL DEVICES ARE GONE: no device can connect until they are back. Stop Larder, then "larder restore FOLDER --data DIR --replace" with your newest backup; without one, register your devices again.',
  'log.db':
    'A new message log was begun. What was ingested is in the stores; acknowledged messages that were not yet are only in the file that was moved.',
  models: 'Models are trained again; until then the baselines forecast.',
  'clock.json':
    "The city's clock goes on from the newest message of the log. On the wall clock nothing is lost.",
  'city.json':
    'The simulated city begins anew, now; what it did before stays in the stores. Devices of your own are not concerned.',
  'owner.key':
    'A new key was made: commands on this machine find it, everything else that calls the API needs it. "larder up" shows it once on a terminal.',
  'sim.key': 'A new one was made for the simulated city; nothing else uses it.',
  'backups.json': 'The list of backups is gone; the backups are where they were.',
  'uplink.json': 'All that is still kept is sent to the hub again, which has it once nevertheless.',
}

export function meaningOf(name: string): string {
  return meanings[name] ?? 'Larder goes on without it.'
}
