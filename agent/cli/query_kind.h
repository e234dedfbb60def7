/* query_kind.h - may this GraphQL text be sent twice? Pure. */
#ifndef CLI_QUERY_KIND_H
#define CLI_QUERY_KIND_H

#include <stdbool.h>

/*
 * True when every operation in it clearly is a query. Mutations, subscriptions and what is
 * not understood are false: sending those again after a lost answer may do harm.
 */
bool query_kind_only_reads(const char *text);

#endif
