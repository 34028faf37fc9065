DROP TABLE quota_definition_changes;
