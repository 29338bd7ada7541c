// What a program does first with the vendor's JavaScript SDK, as it is published. Prints one line of JSON for each way.
const sdk = require('purecloud-platform-client-v2');

const [address, ways] = process.argv.slice(2);
const { hostname, port } = new URL(address);
const client = sdk.ApiClient.instance;
const back = 'http://localhost:8085/callback';

const enter = {
  file: () => {},
  gateway: () => client.setGateway({
    host: hostname, protocol: 'http', port: parseInt(port), path_params_login: 'company/login',
    path_params_api: 'company/api',
  }),
  names: () => client.setEnvironment(`mypurecloud.ie:${port}`),
};

async function steps() {
  await client.loginClientCredentialsGrant('sandbox', 'sandbox');
  const queues = await new sdk.RoutingApi().getRoutingQueues({ pageSize: 2 });
  const home = await new sdk.AuthorizationApi().getAuthorizationDivisionsHome();
  const email = `${Math.random()}@example.com`;
  const made = await new sdk.UsersApi().postUsers({ name: 'Ann', email, divisionId: home.id });
  const read = await new sdk.UsersApi().getUser(made.id);
  return { queues: queues.total, user: read.name, same: read.email === email };
}

async function code() {
  const query = new URLSearchParams({ client_id: 'code', redirect_uri: back, response_type: 'code', state: 'x' });
  const reply = await fetch(`${address}/oauth/authorize?${query}`, { redirect: 'manual' });
  return new URL(reply.headers.get('location')).searchParams.get('code');
}

async function grants() {
  await client.loginCodeAuthorizationGrant('code', 'sandbox', await code(), back);
  const me = await new sdk.UsersApi().getUsersMe();
  const response = '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">'
    + '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Subject>'
    + `<NameID>${me.email}</NameID></Subject></Assertion></samlp:Response>`;
  await client.loginSaml2BearerGrant('saml2', 'sandbox', 'sandbox', Buffer.from(response).toString('base64'));
  const again = await new sdk.UsersApi().getUsersMe();
  return { code: me.name, saml2: again.name };
}

(async () => {
  for (const way of ways.split(',')) {
    if (way !== 'grants') enter[way]();
    console.log(JSON.stringify([way, await (way === 'grants' ? grants() : steps())]));
  }
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
