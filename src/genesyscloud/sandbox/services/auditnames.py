"""What audits call the things that change: service, type of entity, by path.

The names are those that the service's own audits use, as far as they are known; paths that are not listed go by their
own words, so that nothing that changes is without an audit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ..shapes import plain

__all__ = ["ACTIONS", "KNOWN", "Subject", "subject"]


class Subject(NamedTuple):
    """What a change is about: the service, and the type of the entity."""

    service: str
    entity: str


#: What can be done to any of them.
ACTIONS = ("Create", "Update", "Delete")

#: By the start of the path, the longest that fits.
KNOWN = {
    "/api/v2/users/{}/routingskills": Subject("ContactCenter", "UserRoutingSkill"),
    "/api/v2/users/{}/routinglanguages": Subject("ContactCenter", "UserRoutingLanguage"),
    "/api/v2/users/{}/presences": Subject("Presence", "UserPresence"),
    "/api/v2/users/{}/routingstatus": Subject("ContactCenter", "UserRoutingStatus"),
    "/api/v2/users/{}/station": Subject("Telephony", "UserStation"),
    "/api/v2/users": Subject("Directory", "User"),
    "/api/v2/groups": Subject("Groups", "Group"),
    "/api/v2/teams": Subject("Groups", "Team"),
    "/api/v2/locations": Subject("Directory", "Location"),
    "/api/v2/presence": Subject("Presence", "PresenceDefinition"),
    "/api/v2/presence/sources": Subject("Presence", "PresenceSource"),
    "/api/v2/authorization/divisions": Subject("PeoplePermissions", "Division"),
    "/api/v2/authorization/roles": Subject("PeoplePermissions", "Role"),
    "/api/v2/authorization/subjects": Subject("PeoplePermissions", "UserAuthorization"),
    "/api/v2/oauth/clients": Subject("PeoplePermissions", "OAuthClient"),
    "/api/v2/organizations": Subject("Directory", "Organization"),
    "/api/v2/routing/queues/{}/members": Subject("ContactCenter", "QueueMember"),
    "/api/v2/routing/queues/{}/wrapupcodes": Subject("ContactCenter", "QueueWrapupCode"),
    "/api/v2/routing/queues": Subject("ContactCenter", "Queue"),
    "/api/v2/routing/wrapupcodes": Subject("ContactCenter", "WrapupCode"),
    "/api/v2/routing/skills": Subject("ContactCenter", "RoutingSkill"),
    "/api/v2/routing/languages": Subject("ContactCenter", "RoutingLanguage"),
    "/api/v2/routing/skillgroups": Subject("ContactCenter", "SkillGroup"),
    "/api/v2/routing/utilization": Subject("ContactCenter", "Utilization"),
    "/api/v2/routing/users": Subject("ContactCenter", "UserUtilization"),
    "/api/v2/routing/email": Subject("ContactCenter", "EmailDomain"),
    "/api/v2/routing/sms": Subject("ContactCenter", "SmsNumber"),
    "/api/v2/stations": Subject("Telephony", "Station"),
    "/api/v2/telephony/providers/edges": Subject("Telephony", "Edge"),
    "/api/v2/telephony/providers/edges/phones": Subject("Telephony", "Phone"),
    "/api/v2/telephony/providers/edges/lines": Subject("Telephony", "Line"),
    "/api/v2/telephony/providers/edges/phonebasesettings": Subject("Telephony", "PhoneBaseSettings"),
    "/api/v2/telephony/providers/edges/linebasesettings": Subject("Telephony", "LineBaseSettings"),
    "/api/v2/telephony/providers/edges/sites": Subject("Telephony", "Site"),
    "/api/v2/telephony/providers/edges/edgegroups": Subject("Telephony", "EdgeGroup"),
    "/api/v2/telephony/providers/edges/trunks": Subject("Telephony", "Trunk"),
    "/api/v2/telephony/providers/edges/trunkbasesettings": Subject("Telephony", "TrunkBaseSettings"),
    "/api/v2/telephony/providers/edges/didpools": Subject("Telephony", "DIDPool"),
    "/api/v2/telephony/providers/edges/extensionpools": Subject("Telephony", "ExtensionPool"),
    "/api/v2/architect/prompts": Subject("Architect", "Prompt"),
    "/api/v2/architect/ivrs": Subject("Architect", "CallRoute"),
    "/api/v2/architect/schedules": Subject("Architect", "Schedule"),
    "/api/v2/architect/schedulegroups": Subject("Architect", "ScheduleGroup"),
    "/api/v2/flows": Subject("Architect", "Flow"),
    "/api/v2/flows/datatables": Subject("Architect", "DataTable"),
    "/api/v2/outbound/campaigns": Subject("Outbound", "Campaign"),
    "/api/v2/outbound/contactlists": Subject("Outbound", "ContactList"),
    "/api/v2/outbound/dnclists": Subject("Outbound", "DNCList"),
    "/api/v2/externalcontacts/contacts": Subject("ExternalContacts", "Contact"),
    "/api/v2/externalcontacts/organizations": Subject("ExternalContacts", "ExternalOrganization"),
    "/api/v2/integrations": Subject("Integrations", "Integration"),
    "/api/v2/integrations/actions": Subject("Integrations", "Action"),
    "/api/v2/integrations/credentials": Subject("Integrations", "Credential"),
    "/api/v2/quality/forms": Subject("Quality", "EvaluationForm"),
    "/api/v2/recording": Subject("Recording", "Recording"),
    "/api/v2/scripts": Subject("Scripts", "Script"),
    "/api/v2/workforcemanagement/businessunits": Subject("WorkforceManagement", "BusinessUnit"),
    "/api/v2/workforcemanagement/managementunits": Subject("WorkforceManagement", "ManagementUnit"),
    "/api/v2/workforcemanagement/timeoffrequests": Subject("WorkforceManagement", "TimeOffRequest"),
}
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def subject(path: str, shape: str) -> Subject:
    """What a change is about.

    Args:
        path: the path of the entity or document.
        shape: the path of its collection, with ``{}``; empty for a document.
    """
    return _subject(shape or plain(_ID.sub("{}", path)))


@lru_cache(maxsize=4096)
def _subject(path: str) -> Subject:
    known = path
    while known and known not in KNOWN:
        known = known.rpartition("/")[0]
    own = [part for part in path.split("/")[3:] if part != "{}"]
    if known and known.count("/") >= path.rstrip("/{}").count("/"):
        return KNOWN[known]
    service = KNOWN[known].service if known else _words(own[0] if own else "platform")
    return Subject(service, _words(re.sub("ies$", "y", own[-1]).removesuffix("s")) if own else service)


def _words(text: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"\W+", text))
