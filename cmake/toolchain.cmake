# Speed of the edit-compile-test loop: ccache and lld when they are there, never required.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(LLD_PROGRAM ld.lld)
if(LLD_PROGRAM)
  add_link_options(-fuse-ld=lld)
endif()

# Warnings are errors on our own targets only; dialer_library applies them, dependencies are SYSTEM.
add_library(dialer_warnings INTERFACE)
target_compile_options(dialer_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror
  -Wno-missing-field-initializers)  # designated initialisers leave the other members at their defaults on purpose
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports false positives of these two inside libstdc++ at -O2.
  target_compile_options(dialer_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
