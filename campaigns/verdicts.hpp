#pragma once
// What became of each row, for the person who sent the list.

#include <cstdint>
#include <string>
#include <string_view>

namespace dialer::campaigns {

/// Port: where the verdict file is kept. Calls block; one thread. Throws std::runtime_error when the store fails.
class verdict_store {
 public:
  virtual ~verdict_store() = default;
  /// Cuts the file to `bytes`, creating it when it is absent; throws when it is shorter than that.
  virtual void cut(std::uint64_t bytes) = 0;
  /// Appends and makes it durable: what it holds must survive a crash that the progress after it survives.
  virtual void append(std::string_view text) = 0;
};

/// The verdict file on this machine.
class verdict_file final : public verdict_store {
 public:
  explicit verdict_file(std::string path);
  ~verdict_file() override;
  verdict_file(const verdict_file&) = delete;
  verdict_file& operator=(const verdict_file&) = delete;
  void cut(std::uint64_t bytes) override;
  void append(std::string_view text) override;

 private:
  std::string path_;
  int descriptor_ = -1;
};

/// First line of the file. Then one line a row: its number, "accepted", "duplicate" or "rejected"; the number in E.164
/// (as given when rejected); "of row 12", or "column: what is wrong; what to write instead".
inline constexpr std::string_view verdict_header = "row,verdict,number,detail\r\n";

/// Appends a CSV cell. Text that a spreadsheet would take for a formula (= + - @ tab CR NUL in front) gets a ' before
/// it, a number in E.164 too: as text it is shown whole, not as 1.21E+10. Control characters become spaces.
void append_cell(std::string& line, std::string_view text);

}  // namespace dialer::campaigns
