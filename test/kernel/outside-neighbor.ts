/**
 * A host beside the one that a test runs on: tells whoever connects to port 8000, or sends a datagram to port 53, where that
 * came from; and does the same to others on request.
 *
 *     who                     the address of whoever asks
 *     tcp 203.0.113.1 8080    what a connection to there says once it was greeted
 *     udp 203.0.113.1 5353    what a datagram to there is answered
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

async function answer(request: string, socket: Socket): Promise<string> {
  const [what, host = '', port = ''] = request.split(' ');
  if (what === 'who') return `${socket.remoteAddress}`;
  if (what === 'tcp') {
    const client = connect(Number(port), host);
    client.write('hello\n'); // pasta of 2023 lets nobody in who waits for the other end to speak
    let text = '';
    for await (const chunk of client) text += chunk;
    return text;
  }
  const sender = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  sender.send('hello', Number(port), host);
  const [message] = await once(sender, 'message');
  sender.close();
  return String(message);
}

const server = createServer((socket) => {
  socket.on('error', () => {});
  const lines = createInterface({ input: socket });
  lines.on('error', () => {}); // who goes away without having read resets the connection
  lines.once('line', (line) => {
    answer(line, socket).then(
      (text) => socket.end(text),
      (error) => socket.end(error.code),
    );
  });
});
const names = createSocket('udp4');
names.on('message', (_, { address, port }) => names.send(`you are ${address}`, port, address));
names.bind(53);
await once(names, 'listening');
server.listen(8000);
await once(server, 'listening');
console.log('ready');
