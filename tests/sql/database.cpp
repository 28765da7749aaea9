#include "tests/sql/database.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "sql/migrations.hpp"
#include "tests/scratch.hpp"

namespace dialer::sql::test {
namespace {

class shared_cluster : public testing::Environment {
 public:
  void TearDown() override {
    cluster_.reset();
    dir_.reset();
  }
  const std::string& connection() {
    if (!cluster_) {
      dir_ = std::make_unique<scratch>();
      cluster_options options;
      options.state_dir = dir_->path();
      options.durable = false;
      cluster_ = std::make_unique<private_cluster>(private_cluster::start(options));
    }
    return cluster_->connection_string();
  }

 private:
  std::unique_ptr<scratch> dir_;
  std::unique_ptr<private_cluster> cluster_;
};

// GoogleTest owns it and stops the server after the last test.
shared_cluster* const shared = dynamic_cast<shared_cluster*>(testing::AddGlobalTestEnvironment(new shared_cluster));

std::string make_database(const std::string& from) {
  static int number = 0;
  const std::string name = "test" + std::to_string(++number);
  session admin = connect(shared->connection());
  admin.run_script("CREATE DATABASE " + name + " TEMPLATE " + from, std::chrono::seconds{30});
  std::string target = shared->connection();
  return target.replace(target.find("dbname='dialer'"), 15, "dbname='" + name + "'");
}

}  // namespace

session connect(const std::string& database) {
  connect_options options;
  options.target = database;
  options.call_timeout = std::chrono::seconds{20};
  return session{options};
}

std::string empty_database() {
  return make_database("template1");
}

std::string fresh_database() {
  static const bool template_made = [] {
    session admin = connect(shared->connection());
    admin.run_script("CREATE DATABASE with_schema", std::chrono::seconds{30});
    std::string target = shared->connection();
    session made = connect(target.replace(target.find("dbname='dialer'"), 15, "dbname='with_schema'"));
    migrate(made);
    return true;
  }();
  EXPECT_TRUE(template_made);
  return make_database("with_schema");
}

}  // namespace dialer::sql::test
