// Drives dynamics-web-api through everything that an integration does, and prints what came back.
import { DynamicsWebApi } from "dynamics-web-api";

const env = process.env;

async function token() {
    const answer = await fetch(`${env.SANDBOX_AUTHORITY}/${env.SANDBOX_TENANT}/oauth2/v2.0/token`, {
        method: "POST",
        body: new URLSearchParams({
            grant_type: "client_credentials",
            client_id: env.SANDBOX_CLIENT_ID,
            client_secret: env.SANDBOX_CLIENT_SECRET,
            scope: `${env.SANDBOX_DATAVERSE_URL}/.default`,
        }),
    });
    return (await answer.json()).access_token;
}

const api = new DynamicsWebApi({
    serverUrl: env.SANDBOX_DATAVERSE_URL,
    dataApi: { version: "9.2" },
    onTokenRefresh: token,
});

const numbered = (count) =>
    Array.from({ length: count }, (_, n) => ({
        "@odata.type": "Microsoft.Dynamics.CRM.account",
        name: `Customer ${String(n).padStart(4, "0")}`,
        accountnumber: `C${String(n).padStart(4, "0")}`,
    }));

const createMany = (Targets) =>
    api.callAction({ collection: "accounts", actionName: "Microsoft.Dynamics.CRM.CreateMultiple", action: { Targets } });

const shown = (value) =>
    value instanceof Error ? { status: value.status, code: value.code ?? value.error?.code } : value;

// What a call comes to: its value or its refusal; the parts of a batch one by one.
async function outcome(work) {
    try {
        const value = await work();
        return Array.isArray(value) ? value.map(shown) : value;
    } catch (error) {
        return Array.isArray(error) ? error.map(shown) : shown(error);
    }
}

const scenarios = {
    async who() {
        const who = await api.callFunction({ name: "WhoAmI" });
        const organization = await api.callFunction({
            name: "RetrieveCurrentOrganization",
            parameters: { AccessType: "Microsoft.Dynamics.CRM.EndpointAccessType'Default'" },
        });
        return { user: who.UserId, organization: organization.Detail.OrganizationId };
    },

    async records() {
        const id = await api.create({ collection: "accounts", data: { name: "Berg & Søn", telephone1: "1" } });
        const created = await api.create({
            collection: "accounts",
            data: { name: "Contoso" },
            returnRepresentation: true,
            select: ["name"],
        });
        await api.update({ collection: "accounts", key: id, data: { telephone1: "2" } });
        await api.updateSingleProperty({ collection: "accounts", key: id, fieldValuePair: { fax: "3" } });
        const read = await api.retrieve({ collection: "accounts", key: id, select: ["name", "telephone1", "fax"] });
        const stale = await outcome(() =>
            api.update({ collection: "accounts", key: id, data: { fax: "4" }, ifmatch: 'W/"1"' }),
        );
        const matched = await api.update({
            collection: "accounts",
            key: id,
            data: { fax: "5" },
            ifmatch: read["@odata.etag"],
            returnRepresentation: true,
            select: ["fax"],
        });
        await api.deleteRecord({ collection: "accounts", key: id });
        const gone = await outcome(() => api.retrieve({ collection: "accounts", key: id }));
        return { created: created.name, read, matched: matched.fax, stale, gone };
    },

    async queries() {
        const account = await api.create({ collection: "accounts", data: { name: "Contoso" } });
        const contact = await api.create({
            collection: "contacts",
            data: { lastname: "Berg", "parentcustomerid_account@odata.bind": `/accounts(${account})` },
        });
        const found = await api.retrieveMultiple({
            collection: "contacts",
            select: ["lastname", "_parentcustomerid_value", "createdon"],
            filter: "lastname eq 'berg' and parentcustomerid_account/name eq 'contoso'",
            expand: [{ property: "parentcustomerid_account", select: ["name"] }],
            includeAnnotations: "*",
            count: true,
            orderBy: ["lastname desc"],
        });
        const back = await api.retrieve({
            collection: "accounts",
            key: account,
            select: ["name"],
            expand: [{ property: "contact_customer_accounts", select: ["lastname"] }],
        });
        await api.associateSingleValued({
            collection: "accounts",
            primaryKey: account,
            navigationProperty: "primarycontactid",
            relatedCollection: "contacts",
            relatedKey: contact,
        });
        const linked = await api.retrieve({ collection: "accounts", key: account, select: ["_primarycontactid_value"] });
        await api.disassociateSingleValued({ collection: "accounts", primaryKey: account, navigationProperty: "primarycontactid" });
        const unlinked = await api.retrieve({ collection: "accounts", key: account, select: ["_primarycontactid_value"] });
        return {
            account,
            contact,
            found: found.value,
            count: found.oDataCount,
            back,
            linked: linked._primarycontactid_value,
            unlinked: unlinked._primarycontactid_value,
            total: await api.count({ collection: "contacts", filter: "lastname eq 'BERG'" }),
        };
    },

    async pages() {
        await createMany(numbered(25));
        const query = { collection: "accounts", select: ["name"], orderBy: ["name"], maxPageSize: 10 };
        const sizes = [];
        const names = [];
        let link;
        do {
            const page = await api.retrieveMultiple(query, link);
            sizes.push(page.value.length);
            names.push(...page.value.map((row) => row.name));
            link = page.oDataNextLink;
        } while (link);
        const all = await api.retrieveAll({ ...query, maxPageSize: 7 });
        return { sizes, names, all: all.value.length };
    },

    async bulk() {
        const made = await createMany(numbered(1000));
        const Targets = made.Ids.map((accountid) => ({
            "@odata.type": "Microsoft.Dynamics.CRM.account",
            accountid,
            telephone1: "7",
        }));
        await api.callAction({
            collection: "accounts",
            actionName: "Microsoft.Dynamics.CRM.UpdateMultiple",
            action: { Targets },
        });
        const changed = await api.count({ collection: "accounts", filter: "telephone1 eq '7'" });
        const row = await api.retrieve({ collection: "accounts", key: made.Ids[500], select: ["accountnumber"] });
        return { ids: new Set(made.Ids).size, changed, number: row.accountnumber };
    },

    async feed() {
        const made = await createMany(numbered(5));
        const query = { collection: "accounts", select: ["name"], trackChanges: true, maxPageSize: 2 };
        let page = await api.retrieveMultiple(query);
        const first = [...page.value];
        while (page.oDataNextLink) {
            page = await api.retrieveMultiple(query, page.oDataNextLink);
            first.push(...page.value);
        }
        await api.update({ collection: "accounts", key: made.Ids[0], data: { name: "Changed" } });
        await api.deleteRecord({ collection: "accounts", key: made.Ids[1] });
        const changes = await api.retrieveMultiple(query, page.oDataDeltaLink);
        const again = await api.retrieveMultiple(query, page.oDataDeltaLink);
        const after = await api.retrieveMultiple(query, changes.oDataDeltaLink);
        return { made: made.Ids, first: first.length, changes: changes.value, again: again.value.length, after: after.value.length };
    },

    async keys() {
        await fetch(`${env.SANDBOX_DATAVERSE_URL}/api/data/v9.2/EntityDefinitions(LogicalName='account')/Keys`, {
            method: "POST",
            headers: { Authorization: `Bearer ${await token()}`, "Content-Type": "application/json" },
            body: JSON.stringify({ SchemaName: "number_key", KeyAttributes: ["accountnumber"] }),
        });
        const upsert = (name) =>
            api.upsert({
                collection: "accounts",
                key: "accountnumber='O''Neill'",
                data: { name },
                returnRepresentation: true,
                select: ["name", "accountnumber"],
            });
        const created = await upsert("First");
        const updated = await upsert("Second");
        const only = await outcome(() =>
            api.upsert({ collection: "accounts", key: created.accountid, data: { name: "x" }, ifnonematch: "*" }),
        );
        const missing = await outcome(() => api.retrieve({ collection: "accounts", key: "accountnumber='nobody'" }));
        return { created, updated, only, missing };
    },

    async batch() {
        api.startBatch();
        api.create({ collection: "accounts", data: { name: "Contoso" }, contentId: "1" });
        api.create({ collection: "contacts", data: { lastname: "Berg", "parentcustomerid_account@odata.bind": "$1" } });
        api.retrieveMultiple({ collection: "contacts", select: ["lastname", "_parentcustomerid_value"] });
        const good = await api.executeBatch();
        api.startBatch();
        api.create({ collection: "accounts", data: { name: "A" }, inChangeSet: false });
        api.create({ collection: "accounts", data: { nonsense: 1 }, inChangeSet: false });
        api.create({ collection: "accounts", data: { name: "C" }, inChangeSet: false });
        const bad = await outcome(() => api.executeBatch());
        const kept = await api.count({ collection: "accounts" });
        api.startBatch();
        api.create({ collection: "accounts", data: { name: "D" }, inChangeSet: false });
        api.create({ collection: "accounts", data: { nonsense: 1 }, inChangeSet: false });
        api.create({ collection: "accounts", data: { name: "E" }, inChangeSet: false });
        const goesOn = await outcome(() => api.executeBatch({ continueOnError: true }));
        return { good, bad, kept, goesOn, total: await api.count({ collection: "accounts" }) };
    },

    async metadata() {
        const table = await api.retrieveEntity({ key: "LogicalName='account'", select: ["LogicalName", "EntitySetName"] });
        const options = await api.retrieveAttributes({
            entityKey: "LogicalName='account'",
            castType: "Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
            select: ["LogicalName"],
            expand: [{ property: "OptionSet", select: ["Options"] }],
        });
        const csdl = await api.retrieveCsdlMetadata();
        const unknown = await outcome(() => api.retrieveEntity({ key: "LogicalName='nonsense'" }));
        return {
            table,
            optionSets: options.value.map((item) => item.LogicalName),
            csdl: csdl.includes('EntitySet Name="accounts"'),
            unknown,
        };
    },
};

const scenario = process.argv[2];
console.log(JSON.stringify(await scenarios[scenario]()));
