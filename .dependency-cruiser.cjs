/** The table of ARCHITECTURE.md: a folder may import the folders of its row, and only through their front door. */
const rows = {
  domain: [],
  config: ['domain'],
  runtime: ['domain', 'config'],
  'message-log': ['domain', 'runtime'],
  store: ['domain', 'runtime'],
  'firmware-sim': ['domain', 'config', 'runtime'],
  gateway: ['domain', 'config', 'runtime', 'message-log'],
  ingest: ['domain', 'config', 'runtime', 'message-log', 'store'],
  models: ['domain', 'config', 'runtime', 'store'],
  planner: ['domain', 'config', 'runtime', 'store'],
  api: ['domain', 'config', 'runtime', 'store', 'planner'],
  dashboards: ['domain', 'config'],
}
const folders = Object.keys(rows)
const test = '\\.(test|contract)\\.ts$'

/** What only a composition root may import besides the front doors: it chooses the adapters. */
const composition = '(^|/)main\\.ts$|\\.worker\\.ts$'

module.exports = {
  forbidden: [
    ...folders.map((folder) => ({
      name: `${folder}-imports-only-its-row`,
      severity: 'error',
      from: { path: `^${folder}/`, pathNot: `${test}|${composition}` },
      to: {
        path: `^(${[...folders, 'cli'].filter((f) => f !== folder && !rows[folder].includes(f)).join('|')})/`,
      },
    })),
    {
      name: 'front-door-only',
      comment: 'another folder is entered by its index.ts',
      severity: 'error',
      from: { path: '^([^/]+)/', pathNot: `^(test|bench|scripts)/|${test}|${composition}` },
      to: {
        path: `^(${folders.join('|')})/`,
        pathNot: ['^$1/', '^[^/]+/index\\.ts$', '^domain/master-data\\.ts$', '^[^/]+/main\\.ts$'],
      },
    },
    {
      name: 'main-is-started-by-the-command-line',
      severity: 'error',
      from: { pathNot: '^(cli|test|bench)/' },
      to: { path: '^[^/]+/main\\.ts$' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-dev-package-in-production',
      severity: 'error',
      from: {
        path: `^(${folders.join('|')}|cli|larder)`,
        pathNot: `${test}|^dashboards/(board|grafana)/`,
      },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|data|native)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
}
