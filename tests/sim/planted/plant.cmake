# cmake -DSOURCE= -DTEXT= -DREPLACEMENT= -DOUT= -P plant.cmake
# Copies SOURCE to OUT with the text of one file replaced by that of another. The text must occur exactly once.
file(READ "${SOURCE}" source)
file(READ "${TEXT}" text)
file(READ "${REPLACEMENT}" replacement)

string(LENGTH "${text}" length)
string(FIND "${source}" "${text}" first)
if(first EQUAL -1)
  message(FATAL_ERROR "${SOURCE} no longer has the text that a planted bug replaces:\n${text}\n"
    "Write the bug anew in tests/sim/planted/CMakeLists.txt.")
endif()
math(EXPR after "${first} + ${length}")
string(SUBSTRING "${source}" ${after} -1 rest)
string(FIND "${rest}" "${text}" second)
if(NOT second EQUAL -1)
  message(FATAL_ERROR "${SOURCE} has more than once the text that a planted bug replaces:\n${text}\n"
    "Make it longer in tests/sim/planted/CMakeLists.txt.")
endif()
string(SUBSTRING "${source}" 0 ${first} before)
file(WRITE "${OUT}" "${before}${replacement}${rest}")
