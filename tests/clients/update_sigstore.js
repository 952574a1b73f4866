// Updates with the TUF client of Sigstore's JavaScript libraries, over HTTP on the loopback interface.
//
//     update_sigstore.js REPOSITORY CLIENT
//
// Takes 1.root.json of the repository for its trust anchor, and the repository for its mirror; asks for the trusted
// root of its services. Leaves CLIENT/metadata/root.json and CLIENT/release.bin.

'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { initTUF, getTrustedRoot } = require('@sigstore/tuf');

const [repository, client] = process.argv.slice(2);

// A mirror has its metadata at the top, and the targets below it.
const server = http.createServer((request, response) => {
  const name = path.normalize(request.url);
  const folder = name.startsWith('/targets/') ? repository : path.join(repository, 'metadata');
  fs.readFile(path.join(folder, name), (error, content) => {
    response.writeHead(error ? 404 : 200).end(content);
  });
});

function find(folder, name) {
  const entries = fs.readdirSync(folder, { recursive: true });
  const found = entries.find((entry) => path.basename(entry) === name);
  if (!found) throw new Error(`the client keeps no ${name}`);
  return path.join(folder, found);
}

async function update(mirrorURL) {
  const cachePath = path.join(client, 'cache');
  const options = {
    mirrorURL,
    cachePath,
    rootPath: path.join(repository, 'metadata', '1.root.json'),
    forceInit: true,
    retry: 0,
  };
  const tuf = await initTUF(options);
  await tuf.getTarget('release.bin');
  const trusted = await getTrustedRoot({ ...options, forceInit: false });
  if (!trusted.mediaType.startsWith('application/vnd.dev.sigstore.trustedroot')) {
    throw new Error(`no trusted root: ${JSON.stringify(trusted)}`);
  }
  fs.mkdirSync(path.join(client, 'metadata'));
  fs.copyFileSync(find(cachePath, 'root.json'), path.join(client, 'metadata', 'root.json'));
  fs.copyFileSync(find(cachePath, 'release.bin'), path.join(client, 'release.bin'));
}

server.listen(0, '127.0.0.1', () => {
  update(`http://127.0.0.1:${server.address().port}`)
    .catch((error) => {
      console.error(`${error.constructor.name}: ${error.message}`);
      process.exitCode = 1;
    })
    .finally(() => {
      server.close();
      server.closeAllConnections();
    });
});
