// The floor of resident memory: a Node.js that does nothing.
setInterval(() => {}, 60_000);
console.log('idle');
