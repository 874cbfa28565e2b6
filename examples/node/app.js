const { createServer } = require("node:http");
const { setTimeout: sleep } = require("node:timers/promises");

const server = createServer(async (request, response) => {
  console.log(`${request.method} ${request.url}`);
  if (request.url === "/slow") await sleep(2000);
  response.end(`Hello from ${process.env.USER}\n`);
});

server.listen(3000, () => console.log("listening on 3000"));

// `docker stop`: takes no new requests, answers those it has. With nothing left to do, node ends by itself.
process.on("SIGTERM", () => {
  console.log("draining");
  server.close();
  server.closeIdleConnections();
});
