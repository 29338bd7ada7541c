"""Make a data table, fill it, read it, change it."""

import os

import PureCloudPlatformClientV2
from PureCloudPlatformClientV2.apis.architect_api import ArchitectApi

PureCloudPlatformClientV2.configuration.host = os.environ["GENESYS_CLOUD_HOST"]
login = PureCloudPlatformClientV2.ApiClient()
login.get_client_credentials_token(os.environ["GENESYS_CLOUD_CLIENT_ID"], os.environ["GENESYS_CLOUD_CLIENT_SECRET"])
architect = ArchitectApi(login)

schema = PureCloudPlatformClientV2.JsonSchemaDocument()
schema.schema = "http://json-schema.org/draft-04/schema#"
schema.type = "object"
schema.required = ["key"]
schema.properties = {
    "key": {"title": "key", "type": "string", "$id": "/properties/key"},
    "open": {"title": "open", "type": "boolean", "$id": "/properties/open"},
}
table = PureCloudPlatformClientV2.DataTable()
table.name = "Opening hours"
table.schema = schema
made = architect.post_flows_datatables(table)
print(made.name)

for key in ("monday", "saturday", "sunday"):
    architect.post_flows_datatable_rows(made.id, {"key": key, "open": key == "monday"})
row = architect.get_flows_datatable_row(made.id, "saturday", showbrief=False)
print(row)
row["open"] = True
architect.put_flows_datatable_row(made.id, "saturday", body=row)
architect.delete_flows_datatable_row(made.id, "sunday")
rows = architect.get_flows_datatable_rows(made.id, page_size=100, showbrief=False)
for row in sorted(rows.entities, key=lambda entry: entry["key"]):
    print(row["key"], row["open"])
tables = architect.get_flows_datatables(page_size=5, sort_by="name")
print([entry.name for entry in tables.entities])
architect.delete_flows_datatable(made.id, force=True)
