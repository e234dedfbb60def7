# Writes every agent/onekey/*.graphql as one C array, graphql_text_<file name>.
#   cmake -DSOURCE=<folder> -DOUTPUT=<file.c> -P embed.cmake
# Bytes, not a string literal: C compilers need not take literals over 4095 characters.
# graphql_texts.h declares them, so a file without its declaration does not compile.
file(GLOB paths LIST_DIRECTORIES false "${SOURCE}/*.graphql")
list(SORT paths)
set(arrays "")
foreach(path IN LISTS paths)
    get_filename_component(name "${path}" NAME_WE)
    if(NOT name MATCHES "^[a-z_]+$")
        message(FATAL_ERROR "${path}: want lower_case.graphql")
    endif()
    file(READ "${path}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND arrays "const char graphql_text_${name}[] = {${bytes}0};\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"onekey/graphql_texts.h\"\n\n${arrays}")
