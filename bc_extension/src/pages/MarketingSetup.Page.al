// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
page 50104 "SI Marketing Setup"
{
    PageType = API;
    APIPublisher = 'integration';
    APIGroup = 'sales';
    APIVersion = 'v1.0';
    EntityName = 'marketingSetup';
    EntitySetName = 'marketingSetup';
    SourceTable = "Marketing Setup";
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;
    Editable = false;
    ModifyAllowed = false;
    InsertAllowed = false;
    DeleteAllowed = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'SystemId', Locked = true;
                    Editable = false;
                }
                field(customerBusinessRelationCode; Rec."Bus. Rel. Code for Customers")
                {
                    Caption = 'Bus. Rel. Code for Customers', Locked = true;
                    Editable = false;
                }
                field(vendorBusinessRelationCode; Rec."Bus. Rel. Code for Vendors")
                {
                    Caption = 'Bus. Rel. Code for Vendors', Locked = true;
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'SystemModifiedAt', Locked = true;
                    Editable = false;
                }
            }
        }
    }
}
