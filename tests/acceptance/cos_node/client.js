// Tencent's own Node SDK against a server on loopback. Prints what each call gave, as JSON.
// Arguments: address (127.0.0.1:port), secret id, secret key, folder with source.jpg and large.bin.
'use strict';

const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');

const [address, SecretId, SecretKey, folder] = process.argv.slice(2);
const COS = createRequire(path.join(folder, 'package.json'))('cos-nodejs-sdk-v5');
const Region = 'ap-test';
const Bucket = 'node-1250000000';
const proxied = new COS({ SecretId, SecretKey, Protocol: 'http:', Proxy: `http://${address}` });
const direct = new COS({ SecretId, SecretKey, Protocol: 'http:', Domain: address });
const source = fs.readFileSync(path.join(folder, 'source.jpg'));
const rules = JSON.stringify({
  is_pic_info: 1,
  rules: [
    { fileid: 'out/one.png', rule: 'ci-process=AIImageColoring' },
    { fileid: '/top.png', rule: 'ci-process=AIImageColoring' },
  ],
});

async function refused(promise) {
  try {
    await promise;
    return { code: 'nothing' };
  } catch (err) {
    return { code: err.code, status: err.statusCode, message: err.error && err.error.Message };
  }
}

async function objects() {
  const Key = '照片/a b+c&=%.txt';
  const put = await proxied.putObject({ Bucket, Region, Key, Body: 'hello', Headers: { 'x-cos-meta-a': '1' } });
  const head = await proxied.headObject({ Bucket, Region, Key });
  const got = await proxied.getObject({ Bucket, Region, Key });
  const part = await proxied.getObject({ Bucket, Region, Key, Range: 'bytes=1-2' });
  const list = await proxied.getBucket({ Bucket, Region, Prefix: '照片/', Delimiter: '/' });
  const copy = await proxied.putObjectCopy({
    Bucket, Region, Key: 'copy', CopySource: `${Bucket}.cos.${Region}.myqcloud.com/${encodeURIComponent(Key)}`,
  });
  await proxied.deleteObject({ Bucket, Region, Key });
  const many = await proxied.deleteMultipleObject({ Bucket, Region, Objects: [{ Key: 'copy' }, { Key: 'none' }] });
  return {
    etags: [put.ETag, head.ETag, got.ETag, copy.ETag],
    body: got.Body.toString(),
    part: part.Body.toString(),
    meta: head.headers['x-cos-meta-a'],
    listed: list.Contents.map((each) => each.Key),
    deleted: many.Deleted.map((each) => each.Key),
    gone: (await refused(proxied.headObject({ Bucket, Region, Key }))).status,
  };
}

async function parts() {
  const FilePath = path.join(folder, 'large.bin');
  const up = await proxied.sliceUploadFile({
    Bucket, Region, Key: 'large.bin', FilePath, ChunkSize: 1024 * 1024, AsyncLimit: 3,
  });
  const got = await proxied.getObject({ Bucket, Region, Key: 'large.bin' });
  const { UploadId } = await proxied.multipartInit({ Bucket, Region, Key: 'left' });
  const listed = await proxied.multipartList({ Bucket, Region, Prefix: 'left' });
  await proxied.multipartAbort({ Bucket, Region, Key: 'left', UploadId });
  return {
    etag: up.ETag,
    location: up.Location,
    same: Buffer.compare(got.Body, fs.readFileSync(FilePath)) === 0,
    listed: listed.Upload.map((each) => each.Key),
    after: (await proxied.multipartList({ Bucket, Region, Prefix: 'left' })).Upload.length,
  };
}

function color(cos, Query, Key = '') {
  const all = { 'ci-process': 'AIImageColoring', ...Query };
  return cos.request({ Bucket, Region, Key, Method: 'GET', Query: all, RawBody: true });
}

async function coloring() {
  await proxied.putObject({ Bucket, Region, Key: 'old/grey.jpg', Body: source });
  const down = await color(proxied, {}, 'old/grey.jpg');
  fs.writeFileSync(path.join(folder, 'down.png'), down.Body);
  const Headers = { 'Pic-Operations': rules };
  const up = await proxied.putObject({ Bucket, Region, Key: 'up/grey.jpg', Body: source, Headers });
  const cloud = await proxied.request({
    Bucket, Region, Key: 'old/grey.jpg', Method: 'POST', Action: 'image_process', Headers,
  });
  return {
    type: down.headers['content-type'],
    up: up.UploadResult,
    cloud: cloud.UploadResult,
    errors: {
      missing: await refused(color(proxied, {}, 'none.jpg')),
      url: await refused(color(proxied, { 'detect-url': 'http://10.0.0.1/a.jpg' })),
      key: await refused(color(new COS({ SecretId: 'AKIDx', SecretKey, Protocol: 'http:', Proxy: `http://${address}` }),
        {}, 'old/grey.jpg')),
      secret: await refused(color(new COS({ SecretId, SecretKey: 'x', Protocol: 'http:', Proxy: `http://${address}` }),
        {}, 'old/grey.jpg')),
    },
  };
}

async function domain() {
  await direct.putObject({ Bucket, Region, Key: 'by domain.jpg', Body: source });
  const down = await color(direct, {}, 'by domain.jpg');
  return { signature: down.Body.subarray(1, 4).toString() };
}

async function main() {
  await proxied.putBucket({ Bucket, Region });
  const found = { objects: await objects(), parts: await parts(), coloring: await coloring(), domain: await domain() };
  process.stdout.write(JSON.stringify(found));
}

main().catch((err) => {
  process.stderr.write(`${err.stack || JSON.stringify(err)}\n`);
  process.exit(1);
});
