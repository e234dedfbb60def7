#include "onekey/identity.h"

#include "base/auto.h"
#include "base/mem.h"
#include "onekey/field.h"
#include "onekey/graphql.h"
#include "onekey/graphql_texts.h"

char *identity_request(void)
{
    return graphql_request(graphql_text_identity, NULL);
}

bool identity_reply(const char *bytes, size_t size, struct identity *identity, struct err *err)
{
    auto_json json_t *data = NULL;
    const json_t *tenant = NULL;
    const json_t *user = NULL;
    const char *name = NULL;
    const char *email = NULL;

    if (!graphql_reply(bytes, size, &data, err))
        return false;
    if (!field_object(data, "tenant", &tenant, err) ||
        !field_maybe_object(data, "user", &user, err))
        return false;
    if (!field_text(tenant, "name", &name, err))
        return err_wrap(err, "read tenant");
    if (!*name)
        return err_set(err, ERR_PROTOCOL, "read tenant: name is empty");
    if (!field_maybe_text(user, "email", &email, err))
        return err_wrap(err, "read user");
    *identity = (struct identity){.tenant = xstrdup(name), .email = xstrdup(email ? email : "")};
    return true;
}

void identity_release(struct identity *identity)
{
    free(identity->tenant);
    free(identity->email);
    *identity = (struct identity){0};
}
