// Name resolution for a test: every host of Genesys Cloud is this machine.
const dns = require('dns');

const real = dns.lookup;
dns.lookup = (host, options, done) => real(/mypurecloud/.test(host) ? '127.0.0.1' : host, options, done);
