/*
 * identity.h - whose token is it? The platform's cheapest authenticated question, and so also the
 * probe that tells our trouble from theirs.
 */
#ifndef ONEKEY_IDENTITY_H
#define ONEKEY_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct identity {
    char *tenant; /* never empty */
    char *email;  /* empty when the token belongs to no user */
};

char *identity_request(void); /* caller frees */

/* *identity is filled on success only; release it then. */
bool identity_reply(const char *bytes, size_t size, struct identity *identity, struct err *err);
void identity_release(struct identity *identity);

#endif
