"""Make a list of contacts and put people on it."""

import os

import PureCloudPlatformClientV2
from PureCloudPlatformClientV2.models import contact_list, contact_phone_number_column
from PureCloudPlatformClientV2.rest import ApiException as Refused

PureCloudPlatformClientV2.configuration.host = os.environ["GENESYS_CLOUD_HOST"]
api_client = PureCloudPlatformClientV2.ApiClient().get_client_credentials_token(
    os.environ["GENESYS_CLOUD_CLIENT_ID"], os.environ["GENESYS_CLOUD_CLIENT_SECRET"]
)
outbound = PureCloudPlatformClientV2.OutboundApi(api_client)

column = contact_phone_number_column.ContactPhoneNumberColumn()
column.column_name = "Phone"
column.type = "cell"
body = contact_list.ContactList()
body.name = "Spring"
body.column_names = ["First", "Last", "Phone"]
body.phone_columns = [column]
try:
    made = outbound.post_outbound_contactlists(body)
except Refused as e:
    raise SystemExit("refused with %s" % e.status)
print(made.name, made.column_names, made.phone_columns[0].column_name, made.version)

people = []
for first, last, phone in (("Ada", "Byron", "+441234567890"), ("Alan", "Mathison", "+441234567891")):
    person = PureCloudPlatformClientV2.WritableDialerContact()
    person.contact_list_id = made.id
    person.data = {"First": first, "Last": last, "Phone": phone}
    person.callable = True
    people.append(person)
added = outbound.post_outbound_contactlist_contacts(made.id, people)
print(len(added), [contact.data["First"] for contact in added])

made.name = "Spring, checked"
made = outbound.put_outbound_contactlist(made.id, made)
print(made.name)
lists = outbound.get_outbound_contactlists(page_size=100)
print([entry.name for entry in lists.entities if entry.id == made.id])
outbound.delete_outbound_contactlist(made.id)
