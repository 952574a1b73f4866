// Updates from a repository with tuf-js's client, over HTTP on the loopback interface.
//
//     update_tuf_js.js REPOSITORY CLIENT
//
// Trusts 1.root.json of the repository; leaves CLIENT/metadata/root.json and CLIENT/release.bin.

'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { Updater } = require('tuf-js');

const [repository, client] = process.argv.slice(2);

const server = http.createServer((request, response) => {
  fs.readFile(path.join(repository, path.normalize(request.url)), (error, content) => {
    response.writeHead(error ? 404 : 200).end(content);
  });
});

async function update(url) {
  const metadataDir = path.join(client, 'metadata');
  fs.mkdirSync(metadataDir, { recursive: true });
  fs.copyFileSync(path.join(repository, 'metadata', '1.root.json'), path.join(metadataDir, 'root.json'));

  const updater = new Updater({
    metadataDir,
    metadataBaseUrl: `${url}/metadata`,
    targetDir: client,
    targetBaseUrl: `${url}/targets`,
  });
  await updater.refresh();
  const info = await updater.getTargetInfo('release.bin');
  if (!info) throw new Error('the repository has no release.bin');
  await updater.downloadTarget(info);
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
