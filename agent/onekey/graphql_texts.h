/*
 * graphql_texts.h - the .graphql files of this folder, embedded at build by embed.cmake: each is
 * graphql_text_<file name>.
 */
#ifndef ONEKEY_GRAPHQL_TEXTS_H
#define ONEKEY_GRAPHQL_TEXTS_H

extern const char graphql_text_all_firmwares[];
extern const char graphql_text_all_firmwares_group[];
extern const char graphql_text_all_firmwares_names[];
extern const char graphql_text_all_firmwares_product[];
extern const char graphql_text_all_firmwares_vendor[];
extern const char graphql_text_analysis_configurations[];
extern const char graphql_text_compare_firmware_analyses[];
extern const char graphql_text_create_firmware_upload[];
extern const char graphql_text_firmware[];
extern const char graphql_text_firmware_timeline[];
extern const char graphql_text_identity[];
extern const char graphql_text_own_findings[];
extern const char graphql_text_product_groups[];

#endif
