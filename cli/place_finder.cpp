#include "cli/place_finder.hpp"

#include <optional>
#include <utility>

#include "compliance/numbering_plan.hpp"
#include "compliance/place.hpp"

namespace dialer::cli {

campaigns::place_finder make_place_finder(std::shared_ptr<const compliance::zone_rules> zones) {
  return [zones = std::move(zones)](const campaigns::place_question& question) {
    campaigns::place_answer answer;
    std::optional<compliance::place_error> error;
    const compliance::place where =
        compliance::locate({question.number, question.time_zone, question.state, question.postal_code}, *zones, &error);
    if (error) {
      answer.wrong_column = error->column;
      answer.message = error->message;
    } else {
      answer.lane = compliance::to_text(where);
    }
    return answer;
  };
}

std::string_view region_of_number(e164 number) {
  const compliance::numbering_fact fact = compliance::find_numbering_fact(number);
  const bool one_region = !fact.regions.empty() && fact.regions.find(',') == std::string_view::npos;
  return one_region ? fact.regions : fact.country;
}

}  // namespace dialer::cli
