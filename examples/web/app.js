const { createServer } = require("node:http");
const { setTimeout: sleep } = require("node:timers/promises");

let isDraining = false;

const server = createServer(async (request, response) => {
  if (request.url === "/health" && isDraining) response.statusCode = 503;
  if (request.url === "/slow") await sleep(2000);
  // Who keeps its connection would send its next request to a container that is gone.
  if (isDraining) response.setHeader("Connection", "close");
  response.end(`version ${process.env.VERSION}\n`);
});

// As if it had to reach its database first.
setTimeout(() => server.listen(3000, () => console.log("listening on 3000")), 1000);

// From drain.sh: it answers on, but asks to be left alone.
process.on("SIGHUP", () => {
  console.log("draining");
  isDraining = true;
});

// Takes no new connections, answers what it was asked. With nothing left to do, node ends by itself.
process.on("SIGTERM", () => {
  console.log("closing");
  isDraining = true;
  server.close();
  server.closeIdleConnections();
});
