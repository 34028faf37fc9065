DROP TABLE tenant_definition_changes;
