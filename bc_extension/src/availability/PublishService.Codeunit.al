// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
codeunit 50141 "SI Publish Service"
{
    Subtype = Install;

    trigger OnInstallAppPerDatabase()
    var
        TenantWebService: Record "Tenant Web Service";
        WebServiceManagement: Codeunit "Web Service Management";
    begin
        WebServiceManagement.CreateTenantWebService(
            TenantWebService."Object Type"::Query, Query::"SI Item Availability",
            'ItemAvailability', true);
    end;
}
