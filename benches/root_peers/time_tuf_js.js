// Prints how many seconds tuf-js takes over a chain: time_tuf_js.js CHAIN VERSIONS

'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { TrustedMetadataStore } = require('tuf-js/dist/store');

const [chain, versions] = process.argv.slice(2);
const read = (version) => fs.readFileSync(path.join(chain, `${version}.root.json`));

const begin = process.hrtime.bigint();
const trusted = new TrustedMetadataStore(read(1));
for (let version = 2; version <= Number(versions); version += 1) {
  trusted.updateRoot(read(version));
}
console.log(Number(process.hrtime.bigint() - begin) / 1e9);
